import { Outlet } from "@tanstack/react-router";
import { Tabs } from "../parts/Tabs";

const PLACES = [
  { to: "/account", label: "Sign-in" },
  { to: "/account/keys", label: "API keys" },
] as const;

/** One's own: the password, where one is signed in, and keys for programs. */
export function AccountLayout() {
  return (
    <>
      <Tabs name="Your account" places={PLACES} />
      <Outlet />
    </>
  );
}
