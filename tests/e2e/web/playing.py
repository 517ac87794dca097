"""What becomes of the film on a page."""

from playwright.sync_api import Page

# The page's policy lets nobody wait by a condition that is written as text.
_COMES = """([name, value, most]) => new Promise((done, fail) => {
    const film = () => document.querySelector('video');
    const late = setTimeout(() => fail(new Error(`at ${film()?.currentTime}, not ${name} ${value}`)), most);
    const holds = {
        ready: ({ readyState }) => readyState >= 2,
        past: ({ currentTime, seeking }) => currentTime > value && !seeking,
        tall: ({ videoHeight }) => videoHeight === value,
        captioned: ({ textTracks }) =>
            [...textTracks].some(({ mode, activeCues }) => mode === 'showing' && activeCues?.length > 0),
    }[name];
    const look = () => film() && holds(film()) ? (clearTimeout(late), done()) : requestAnimationFrame(look);
    look();
})"""


def comes(page: Page, name: str, value: float = 0) -> None:
    """Waits until the film is `ready`, `past` a moment in s, as `tall` as so many lines, or `captioned`."""
    page.evaluate(_COMES, [name, value, 60_000])
