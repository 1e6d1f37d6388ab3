#include "cli/run.hpp"

int main(int argc, char** argv) { return ps_sync::cli::run(argc, argv); }
