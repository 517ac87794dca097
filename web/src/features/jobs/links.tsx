/** Mantine's links and buttons, with the router's typed addresses. */
import { Anchor, type AnchorProps, Button, type ButtonProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, Ref } from "react";

type Element<P> = P &
  Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof P> & { ref?: Ref<HTMLAnchorElement> };

export const PageLink = createLink((props: Element<AnchorProps>) => <Anchor {...props} />);

export const PageButton = createLink((props: Element<ButtonProps>) => <Button component="a" {...props} />);
