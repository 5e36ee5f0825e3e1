// Directories, links, renames, attributes and statx work on home's tree while away.
#include "zoo.h"
#include <dirent.h>
#include <sys/xattr.h>
int main(void) {
	ready();
	while (more()) {
		must(!mkdir("tree", 0750));
		for (int i = 0; i < 200; i++) {
			char n[64];
			snprintf(n, sizeof n, "tree/an entry with a longish name %03d", i);
			int fd = open(n, O_CREAT | O_EXCL | O_WRONLY, 0600);
			must(fd >= 0);
			close(fd);
		}
		DIR *d = opendir("tree");
		must(d);
		int seen = 0, mask[200] = {0};
		for (struct dirent *e; (e = readdir(d));) {
			if (e->d_name[0] == '.') continue;
			int i = atoi(e->d_name + strlen(e->d_name) - 3);
			must(!mask[i]++);
			seen++;
			must(!unlinkat(dirfd(d), e->d_name, 0));
		}
		closedir(d);
		same(seen, 200);
		must(!symlink("to/somewhere", "tree/link"));
		char b[64] = {0};
		same(readlink("tree/link", b, sizeof b), 12);
		must(!strcmp(b, "to/somewhere"));
		fails(open("tree/link", O_RDONLY), ENOENT);
		int fd = open("tree/a", O_CREAT | O_RDWR, 0644);
		must(fd >= 0 && write(fd, "12345", 5) == 5);
		must(!link("tree/a", "tree/b") && !rename("tree/b", "tree/c"));
		fails(renameat2(AT_FDCWD, "tree/a", AT_FDCWD, "tree/c", RENAME_NOREPLACE), EEXIST);
		struct statx x;
		must(!statx(AT_FDCWD, "tree/c", 0, STATX_ALL, &x));
		same(x.stx_size, 5);
		same(x.stx_nlink, 2);
		same(x.stx_mode, S_IFREG | 0644);
		must(!fchmod(fd, 0400) && !fstatat(AT_FDCWD, "tree/c", &(struct stat){0}, 0));
		struct timespec when[2] = {{1000, 1}, {2000, 2}};
		must(!utimensat(AT_FDCWD, "tree/a", when, 0));
		struct stat s;
		must(!stat("tree/c", &s));
		same(s.st_mtim.tv_sec, 2000);
		same(s.st_mode & 07777, 0400);
		if (fsetxattr(fd, "user.zoo", "value", 5, 0) == 0) {
			char v[16] = {0};
			same(getxattr("tree/c", "user.zoo", v, sizeof v), 5);
			must(!strcmp(v, "value"));
			char l[64];
			same(flistxattr(fd, l, sizeof l), 9);
			must(!removexattr("tree/a", "user.zoo"));
			fails(fgetxattr(fd, "user.zoo", v, sizeof v), ENODATA);
		} else
			same(errno, EOPNOTSUPP);
		close(fd);
		must(!unlink("tree/a") && !unlink("tree/c") && !unlink("tree/link") && !rmdir("tree"));
	}
	return ok();
}
