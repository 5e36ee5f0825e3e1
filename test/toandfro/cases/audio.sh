# A minute of sound through lame and back.
set -e
perl -e 'binmode STDOUT; for (0 .. 44100 * 40) { print pack "s", 9000 * sin($_ / 30) + 7000 * sin($_ / (20 + $_ / 1e5)) }' >raw
lame -r -s 44.1 -m m --quiet -q 2 -b 128 raw out.mp3
lame --decode --quiet out.mp3 out.wav
md5sum out.mp3 out.wav
rm raw
