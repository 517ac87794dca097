"""The operations' names and one-line summaries, importable at no cost (help and completion use them)."""

# Operations whose results are a set of files: their `output` is a folder.
SETS = frozenset({"cut", "index", "ladder", "package", "quality", "storyboard", "thumbnails"})

SUMMARIES: dict[str, str] = {
    "probe": "Read what a file contains and write it as JSON.",
    "cut": "Cut one long file into numbered parts.",
    "trim": "Keep one range, or several joined into one file.",
    "concat": "Join several inputs into one file.",
    "transcode": "Re-encode with a profile.",
    "convert": "Change container or codec, copying what fits.",
    "compress": "Make a file smaller at a stated quality or size.",
    "speed": "Play faster or slower, in sync.",
    "extract_audio": "Take the sound out as a file of its own.",
    "remove_audio": "Drop the sound; the picture stays untouched.",
    "replace_audio": "Put another sound under the picture, or mix it in.",
    "normalize_audio": "Bring the sound to a standard loudness.",
    "subtitles": "Take subtitles out, burn them in, or add them as tracks.",
    "thumbnails": "Make still pictures at given or evenly spaced times.",
    "gif": "Make an animated GIF, WebP or PNG.",
    "preview": "Make a short silent clip.",
    "storyboard": "Make sheets of small pictures for previews while scrubbing.",
    "scenes": "Find scene changes, black, silence and frozen pictures.",
    "filter": "Crop, scale, correct, stabilise, mark: a chain of filters in one encode.",
    "proxy": "Make a light editing copy.",
    "quality": "Measure VMAF, PSNR and SSIM of one file against another.",
    "ladder": "Encode several renditions from one decode.",
    "index": "Title the parts of a cut, with thumbnails and a JSON index.",
    "package": "Package renditions for streaming as HLS and DASH.",
}
