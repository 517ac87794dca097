import { Link, type LinkProps } from "@tanstack/react-router";
import classes from "./Tabs.module.css";

type Place = Pick<LinkProps, "to" | "params"> & { label: string };

/** Pages that belong together, as links: each has its own address. The first is the one above the others. */
export function Tabs({ name, places }: { name: string; places: readonly Place[] }) {
  return (
    <nav aria-label={name} className={classes.tabs}>
      {places.map(({ label, ...place }, index) => (
        <Link
          key={label}
          {...place}
          className={classes.tab}
          activeOptions={{ exact: index === 0, includeSearch: false }}
          activeProps={{ "aria-current": "page" }}
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}
