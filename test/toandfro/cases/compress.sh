# Thirty megabytes through gzip, xz and zstd, on several threads, and back.
set -e
perl "$CASES/data.pl" 30 >data
md5sum <data
gzip -n <data >data.gz && gzip -dc data.gz | cmp - data
xz -1 -T2 <data >data.xz && xz -dc data.xz | cmp - data
zstd -q -T2 -8 <data >data.zst && zstd -q -dc data.zst | cmp - data
md5sum data.gz data.xz data.zst
rm data
