# Ten megabytes through gzip and back, in files and in a pipe.
set -e
perl "$CASES/data.pl" 10 >data
md5sum <data
gzip -9n <data >data.gz
gzip -dc data.gz | cmp - data
gzip -1nc data | gzip -d | md5sum
