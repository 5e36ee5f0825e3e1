// Package toandfro judges the core with real programs: a program that runs at
// home must give the same output, the same errors, the same exit status and
// the same files as the same program moved to and fro between three nodes all
// the time. The table of cases is here, their scripts are in cases; the tests
// run each case twice natively (which shows that it is fit for comparison),
// and once at home against once moved in a lab. A case in which nothing moved
// has failed. How a process is moved is labtest's business.
package toandfro
