/** Mantine's parts that lead somewhere, with the router's typed addresses. */
import {
  Anchor,
  type AnchorProps,
  Button,
  type ButtonProps,
  MenuItem,
  type MenuItemProps,
} from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, Ref } from "react";

type As<Props> = Props &
  Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof Props> & { ref?: Ref<HTMLAnchorElement> };

export const ButtonLink = createLink((props: As<ButtonProps>) => <Button component="a" {...props} />);
export const TextLink = createLink((props: As<AnchorProps>) => <Anchor {...props} />);
export const MenuLink = createLink((props: As<MenuItemProps>) => <MenuItem component="a" {...props} />);
