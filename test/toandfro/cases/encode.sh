# One ffmpeg alone, which has some memory locked (libgcrypt): what moves is the encoder itself. What x264 makes by several threads differs from run to run.
exec ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=320x240:rate=25 -t 60 -flags +bitexact -fflags +bitexact -c:v libx264 -preset medium -x264-params threads=1:lookahead-threads=1 -y film.mkv
