# A project with make -j4: compilers, a jobserver, an archive, a program that runs.
set -e
perl "$CASES/generate.pl" project 24 10
cd project
make -j4 >make.out
sort make.out
cat result
make -j4
touch unit3.c
make -j2 -s
! make nosuchtarget
