# bash: pipelines, nested substitutions, here-documents, jobs, traps, arrays, exec.
trap 'echo exit trap $?' EXIT
trap 'echo caught usr1' USR1
for i in {1..15}; do
	a=$(echo "$i" | { read -r n; echo $((n * $(echo "$n" | sed 's/$/0/'))); })
	echo "$i $a $(printf '%s\n' "$a" "$i" | sort -n | md5sum | cut -c1-8)"
done
declare -A seen
while read -r word; do ((seen[$word]++)); done < <(for i in {1..400}; do echo "w$((i * 7 % 13))"; done)
for w in $(printf '%s\n' "${!seen[@]}" | sort); do echo "$w=${seen[$w]}"; done
cat <<END | tr a-z A-Z
here is $(echo a document)
END
for i in 1 2 3 4 5; do (sleep 0.0$i; exit $((i * 11))) & pids[i]=$!; done
for i in 1 2 3 4 5; do wait "${pids[i]}"; echo "job $i: $?"; done
kill -USR1 $$
(kill -TERM $BASHPID; echo not reached); echo "subshell: $?"
sleep 50 & kill -9 $!; wait $! 2>/dev/null; echo "killed: $?"
seq 1 50000 | awk '{s+=$1} END {print s}' | tee sum.txt | cat
set -o pipefail; false | true; echo "pipefail $?"; set +o pipefail
coproc CAT { cat; }; echo through >&"${CAT[1]}"; read -r line <&"${CAT[0]}"; echo "coproc $line"; eval "exec ${CAT[1]}>&-"; wait
mapfile -t lines < <(seq 100 120); echo "${#lines[@]} ${lines[20]}"
nosuchcommand 2>/dev/null; echo "not found: $?"
n=0; for i in {1..20000}; do ((n += i % 7)); done; echo "$n"
if read -r -t 0.2 x < <(sleep 1); then echo read; else echo "read timed out"; fi
echo error >&2
exec bash -c 'echo "execed, $#"; exit 42' -- a b
