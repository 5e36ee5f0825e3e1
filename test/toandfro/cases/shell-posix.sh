# dash: the same sorts of things in plain shell.
trap 'echo bye' EXIT
i=0
while [ $i -lt 60 ]; do
	i=$((i + 1))
	x=$(echo $i | sed 's/./&&/g')
	y=$(expr $i \* 3)
	echo "$i $x $y $(echo $x $y | cksum)"
done
f() { return $1; }
for n in 0 1 77 255; do f $n; echo $?; done
(exit 3) | cat; echo $?
sh -c 'exit 5' & wait $!; echo $?
sh -c 'kill -15 $$'; echo $?
seq 1 3000 | while read -r n; do [ $((n % 1000)) -eq 0 ] && echo $n; done
cat > made.txt <<END
$(date -u -d @0)
END
ls; wc -c < made.txt
/no/such/thing 2>/dev/null; echo $?
exit 17
