"""The examples on each command's help page; a test parses every one of them."""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "cut": (
        "framemill cut movie.mp4 -d 11 -o parts",
        "framemill cut movie.mp4 --parts 4 --no-copy -o parts",
    ),
    "trim": (
        "framemill trim movie.mp4 --start 00:41:12 --end 00:44:03 -o scene.mp4",
        "framemill trim movie.mp4 --start 90s --duration 30s --mode encode",
    ),
    "concat": (
        "framemill concat one.mp4 two.mp4 -o both.mp4",
        "framemill concat *.mp4 --mode encode -o all.mp4",
    ),
    "transcode": (
        "framemill transcode movie.mov --profile web_720p -o movie.mp4",
        "framemill transcode movie.mov --profile archive_av1 --crf 28",
    ),
    "convert": (
        "framemill convert movie.mkv -o movie.mp4",
        "framemill convert movie.mp4 --format webm",
    ),
    "compress": (
        "framemill compress movie.mp4 --target-size 700M",
        "framemill compress movie.mp4 --preset low -o small.mp4",
        "framemill compress movie.mp4 --target-vmaf 95 -o small.mp4",
    ),
    "extract_audio": (
        "framemill extract-audio movie.mp4 --format mp3 --bitrate 192k",
        "framemill extract-audio movie.mp4 -o sound.m4a",
    ),
    "remove_audio": ("framemill remove-audio movie.mp4 -o silent.mp4",),
    "thumbnails": (
        "framemill thumbnails movie.mp4 --count 5 -o pictures",
        "framemill thumbnails movie.mp4 --at 10s,1m30s --format png -o pictures",
    ),
    "preview": (
        "framemill preview movie.mp4 -o preview.mp4",
        "framemill preview movie.mp4 --duration 5s --width 480",
    ),
    "proxy": ("framemill proxy camera.mov -o camera-proxy.mp4",),
    "ladder": (
        "framemill ladder movie.mp4 -o renditions",
        "framemill ladder movie.mp4 --qualities 1080p,720p,480p --codec hevc -o renditions",
        "framemill ladder movie.mp4 --quality auto -o renditions",
    ),
    "package": (
        "framemill package 720p.mp4 480p.mp4 360p.mp4 -o stream",
        "framemill package movie.mp4 --no-dash --segment 4s -o stream",
    ),
    "publish": (
        "framemill publish movie.mp4 -o published",
        "framemill publish movie.mp4 --qualities 1080p,720p --no-dash -o published",
        "framemill publish movie.mp4 --quality auto -o published",
    ),
    "movie_to_clips": ("framemill movie-to-clips movie.mp4 -o clips",),
}
