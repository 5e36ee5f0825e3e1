# One large C file through gcc -O2, and what comes out of it.
set -e
perl "$CASES/generate.pl" project 1 150
cd project
gcc -O2 -c unit0.c
gcc -O2 -S -o unit0.s unit0.c
gcc -o program main.c unit0.o
./program
