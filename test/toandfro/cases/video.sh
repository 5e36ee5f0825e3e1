# A generated film through ffmpeg, bit-exact.
ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=320x240:rate=25 -t 40 -threads 2 -flags +bitexact -fflags +bitexact -c:v mpeg4 -q:v 4 -y film.avi || exit
ffmpeg -nostdin -v error -i film.avi -f framemd5 -
