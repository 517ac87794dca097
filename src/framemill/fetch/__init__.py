"""Files from elsewhere: the outbound guard, direct downloads, and pages through yt-dlp."""
