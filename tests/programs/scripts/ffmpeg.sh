# SPDX-License-Identifier: Apache-2.0
# A made-up film and its sound, encoded with threads, decoded again.
set -e
ffmpeg -v error -nostdin -threads 3 -f lavfi -i testsrc=size=320x240:rate=25:duration=2 \
  -f lavfi -i sine=duration=2 -c:v mpeg4 -c:a aac -bitexact -y film.mp4
ffmpeg -v error -nostdin -i film.mp4 -map 0:v -f framemd5 -bitexact - | tail -3
ffmpeg -v error -nostdin -i film.mp4 -vf scale=64:48 -frames:v 5 -y 'frame%d.png'
ls
