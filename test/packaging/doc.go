// Package packaging judges what is handed out: the Debian package and the
// tarball, installed where nothing of openMosix was, and used there. In short
// they are unpacked below a directory; with -clean-root a Debian system is made
// for them, which takes minutes and a mirror.
package packaging
