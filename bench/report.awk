# Turns the raw results into a Markdown table. Reads bench/targets.tsv, then the results, both tab-separated:
#   workload, corpus, files, largest file in bytes, side (r or ps), round, wall us, CPU us, peak KiB
# A row `x/both` is made where push and pull of one round belong together.

BEGIN {
  FS = "\t"
  name["start/version"] = "`--version` / `git --version`"
  name["start/status-short"] = "`status --short` / `git status`, nothing there"
  name["nothing/push"] = "nothing changed: `push`"
  name["nothing/status"] = "nothing changed: `status --offline`"
  name["nothing/pull"] = "nothing changed: `pull`"
  name["one/push"] = "one file: `push`"
  name["one/pull"] = "one file: `pull`"
  name["one/both"] = "one file: both"
  name["hundred/push"] = "100 files: `push`"
  name["hundred/pull"] = "100 files: `pull`"
  name["hundred/both"] = "100 files: both"
  name["first/push"] = "first `push`"
  name["first/pull"] = "first `pull`"
  name["first/both"] = "first: both"
  name["big/push"] = "200 MB random file: first `push`"
  name["big/pull"] = "200 MB random file: first `pull`"
  name["http/push"] = "one file over http: `push` / `git push`"
  name["http/pull"] = "one file over http: `pull` / `git fetch`"
  name["http/both"] = "one file over http: both"
  name["ssh/push"] = "one file over ssh: `push` / `git push`"
  name["ssh/pull"] = "one file over ssh: `pull` / `git fetch`"
  name["ssh/both"] = "one file over ssh: both"
  name["big/both"] = "200 MB random file: first, both"
}

/^#/ || NF == 0 { next }
FNR == NR { must[$1, $2] = $3; reach[$1, $2] = $4; next }

{
  add($1, $5, $6, $7, $8, $9)
  split($1, part, "/")
  if (part[2] == "push") { wall_of_push[$2, part[1], $5, $6] = $7; cpu_of_push[$2, part[1], $5, $6] = $8 }
  if (part[2] == "pull" && part[1] != "nothing") {
    add(part[1] "/both", $5, $6, $7 + wall_of_push[$2, part[1], $5, $6], $8 + cpu_of_push[$2, part[1], $5, $6], $9)
  }
}

function add(workload, side, round, wall, cpu, peak, row) {
  row = workload SUBSEP $2
  if (!(row in seen)) {
    seen[row] = ++rows
    row_at[rows] = row; workload_at[rows] = workload; corpus_at[rows] = $2; files_at[rows] = $3; largest_at[rows] = $4
  }
  count[row, side]++
  walls[row, side, count[row, side]] = wall
  cpus[row, side, count[row, side]] = cpu
  if (peak > peaks[row, side]) peaks[row, side] = peak
  # What both of push and pull took: the larger of the two.
  if (workload ~ /\/both$/) {
    sub(/both$/, "push", workload)
    if (peaks[workload, $2, side] > peaks[row, side]) peaks[row, side] = peaks[workload, $2, side]
  }
}

# Insertion sort: there are a few dozen values at most.
function median(values, row, side, sorted, i, j, n, value) {
  n = count[row, side]
  for (i = 1; i <= n; i++) {
    value = values[row, side, i]
    for (j = i - 1; j > 0 && sorted[j] > value; j--) sorted[j + 1] = sorted[j]
    sorted[j + 1] = value
  }
  return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

function shown_time(us) {
  if (us < 99950) return sprintf("%.1f ms", us / 1000)
  if (us < 9999500) return sprintf("%.0f ms", us / 1000)
  return sprintf("%.1f s", us / 1000000)
}

# `limit` is on peak memory: 64 MiB, and the size of the largest file.
function verdict(key, ratio, peak, limit) {
  if (peak > limit) return "no: memory"
  if (!(key in must)) return "-"
  return ratio <= reach[key] ? "reach" : ratio <= must[key] ? "must" : "no"
}

END {
  print "| workload | files | rounds | R wall | ps-sync wall | wall ratio | CPU ratio | R peak MiB | ps-sync peak MiB | must | reach | met |"
  print "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |"
  for (i = 1; i <= rows; i++) {
    row = row_at[i]
    key = workload_at[i] SUBSEP files_at[i]
    wall = median(walls, row, "ps") / median(walls, row, "r")
    cpu = median(cpus, row, "ps") / median(cpus, row, "r")
    peak = peaks[row, "ps"] / 1024
    printf "| %s | %s | %d | %s | %s | %.2f | %.2f | %.1f | %.1f | %s | %s | %s |\n", name[workload_at[i]], corpus_at[i],
      count[row, "ps"], shown_time(median(walls, row, "r")), shown_time(median(walls, row, "ps")), wall, cpu,
      peaks[row, "r"] / 1024, peak, key in must ? must[key] : "-", key in reach ? reach[key] : "-",
      verdict(key, wall, peak, 64 + largest_at[i] / 1048576)
  }
}
