// Package hostile moves a program to another node that does there whatever it
// can to reach the machine that lends it the CPU, and looks from outside
// whether anything of that machine was reached: files, processes, sockets, and
// the guest supervisor's own memory.
package hostile
