# Compressors with two threads of their own: xz in blocks, zstd in jobs.
set -e
perl "$CASES/data.pl" 3 >data
xz -2 -T2 --block-size=1MiB <data >data.xz
xz -dc -T2 data.xz | cmp - data
zstd -q -T2 -10 <data >data.zst
zstd -q -dc data.zst | cmp - data
md5sum data data.xz data.zst
rm data
