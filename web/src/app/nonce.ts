/** The page's nonce for styles: the server writes another one into each page (docs/decisions/0030). */
import { setNonce } from "get-nonce";

export const nonce = document.querySelector<HTMLMetaElement>("meta[name=csp-nonce]")?.content ?? "";
// Dialogs stop the page behind them from scrolling by a style of their own.
setNonce(nonce);
