"""The examples on each command's help page; a test parses every one of them."""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "cut": (
        "framemill cut movie.mp4 -d 11 -o parts",
        "framemill cut movie.mp4 --parts 4 --no-copy -o parts",
        "framemill cut movie.mp4 --scenes --min-part 5s --no-copy -o parts",
        "framemill cut movie.mp4 --ranges 10s-25s,1m-1m30s --mode smart -o clips",
    ),
    "trim": (
        "framemill trim movie.mp4 --start 00:41:12 --end 00:44:03 -o scene.mp4",
        "framemill trim movie.mp4 --start 90s --duration 30s --mode smart",
    ),
    "concat": (
        "framemill concat one.mp4 two.mp4 -o both.mp4",
        "framemill concat *.mp4 --mode encode -o all.mp4",
        "framemill concat one.mp4 two.mp4 --transition dissolve --transition-duration 1s -o both.mp4",
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
    "speed": (
        "framemill speed movie.mp4 --factor 2 -o twice.mp4",
        "framemill speed movie.mp4 --factor 0.5 --no-keep-pitch -o slow.mp4",
    ),
    "extract_audio": (
        "framemill extract-audio movie.mp4 --format mp3 --bitrate 192k",
        "framemill extract-audio movie.mp4 -o sound.m4a",
    ),
    "remove_audio": ("framemill remove-audio movie.mp4 -o silent.mp4",),
    "replace_audio": (
        "framemill replace-audio movie.mp4 --audio music.mp3 -o with-music.mp4",
        "framemill replace-audio movie.mp4 --audio music.mp3 --mix --volume=-12dB --loop",
    ),
    "normalize_audio": (
        "framemill normalize-audio movie.mp4 -o even.mp4",
        "framemill normalize-audio podcast.mp3 --target=-16 --report",
    ),
    "subtitles": (
        "framemill subtitles movie.mkv --action extract --track all -o texts",
        "framemill subtitles movie.mp4 --action burn --file movie.de.srt --style size=6,color=yellow",
        "framemill subtitles movie.mp4 --action add --file movie.en.srt --file movie.de.srt -o both.mp4",
    ),
    "thumbnails": (
        "framemill thumbnails movie.mp4 --count 5 -o pictures",
        "framemill thumbnails movie.mp4 --best --count 3 -o pictures",
        "framemill thumbnails movie.mp4 --at 10s,1m30s --format png -o pictures",
    ),
    "storyboard": (
        "framemill storyboard movie.mp4 -o storyboard",
        "framemill storyboard movie.mp4 --interval 5s --width 240 --format webp -o storyboard",
    ),
    "scenes": (
        "framemill scenes movie.mp4 -o scenes.json",
        "framemill scenes movie.mp4 --detect black,silence --black-min 1s",
    ),
    "gif": (
        "framemill gif movie.mp4 --start 1m30s -o moment.gif",
        "framemill gif movie.mp4 --duration 5s --width 320 --format webp",
    ),
    "preview": (
        "framemill preview movie.mp4 -o preview.mp4",
        "framemill preview movie.mp4 --duration 5s --width 480",
        "framemill preview movie.mp4 --montage 5 --duration 10s",
    ),
    "filter": (
        "framemill filter movie.mp4 --chain 'crop width=1280 height=720' --chain 'fade in' -o cut.mp4",
        "framemill filter movie.mp4 --chain 'watermark logo.png width=10%' --chain 'text \"Hello: you\"'",
        "framemill filter movie.mp4 --chain-file chain.yaml",
    ),
    "proxy": ("framemill proxy camera.mov -o camera-proxy.mp4",),
    "quality": (
        "framemill quality small.mp4 --reference movie.mp4 -o scores",
        "framemill quality small.mp4 --reference movie.mp4 --metrics vmaf --every 5 -o scores",
    ),
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
    "movie_to_clips": (
        "framemill movie-to-clips movie.mp4 -o clips",
        "framemill movie-to-clips movie.mp4 --scenes --min-part 10s -o clips",
    ),
}
