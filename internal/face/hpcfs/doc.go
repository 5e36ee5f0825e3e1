// Package hpcfs is openMosix's text interface: a small FUSE file system with
// the files of the original's /proc/hpc and of its additions to /proc/PID, for
// scripts that read and write files.
//
// table.go has every file once, with what reading and writing it asks of the
// node daemon; the manual page is compared with it. inode.go shows the table to
// the kernel, serve.go mounts it. Nothing is decided here: what a caller may do
// is the daemon's affair, which is asked with the authority of whoever opened
// the file (control.Request.OnBehalf).
//
// It must not hang a process that is being moved: see waitFor in ask.go.
//
// A Tree is used by many requests at once. Its two memories, lastErrors and
// drafts, have a lock each; neither is held while the daemon is asked.
package hpcfs
