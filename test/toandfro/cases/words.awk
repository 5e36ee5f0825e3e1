# awk: arrays, strings, getline from commands, output to files and pipes.
function next_random() { x = (x * 16807) % 2147483647; return x }
BEGIN {
	x = 42
	for (i = 0; i < 900000; i++) { count["k" next_random() % 3000]++; s += sin(i) * x % 17 }
	for (k in count) total += count[k]
	printf "%d %.6f\n", total, s
	for (i = 0; i < 3000; i++) print i, count["k" i] > "counts.txt"
	close("counts.txt")
	while (("sort -k2 -n -r counts.txt | head -5" | getline line) > 0) print "top", line
	while ((getline line < "counts.txt") > 0) { split(line, f, " "); check += f[1] * f[2] }
	print check
	for (i = 0; i < 5; i++) { "echo child " i | getline got; print got; print "to sort " 9 - i | "sort" }
	close("sort")
	t = ""
	for (i = 0; i < 20000; i++) t = t (i % 10)
	print length(t), gsub(/12+3/, "<&>", t), length(t)
	r = system("exit 6"); print r
	exit 4
}
