// Work spread over a few threads.
#pragma once

#include <cstddef>
#include <functional>

namespace ps_sync {

/// Calls work(i) for each i below `count`, on as many threads as there are processors (at most 8), the caller's
/// included. Stays on one thread for fewer than `worth` calls. The first exception ends the rest and is thrown here.
void for_each_in_parallel(std::size_t count, std::size_t worth, const std::function<void(std::size_t)>& work);

/// How many threads for_each_in_parallel uses at most.
std::size_t worker_count();

}  // namespace ps_sync
