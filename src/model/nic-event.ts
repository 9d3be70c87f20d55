/** What an event of the kernel, or the words of a caller, mean for a NIC. */
export type NicEvent =
  | { readonly kind: "added"; readonly clue: LinkClue }
  /**
   * Its link is gone, which a driver's unload and a detach have in common: what is on the bus
   * tells them apart.
   */
  | { readonly kind: "gone-from-kernel"; readonly name: string | null; readonly mac: string | null }
  /** A device is gone; `device`: its name on the bus, null where the caller does not know which. */
  | { readonly kind: "gone-from-bus"; readonly device: string | null }
  | { readonly kind: "irrelevant"; readonly why: string };

/** How the link of an event is found. */
export type LinkClue =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "mac"; readonly mac: string }
  /** The device that the link belongs to, below `/sys`; `name`: what udev is renaming it to, if told. */
  | { readonly kind: "device"; readonly path: string; readonly name: string | null }
  /** The device's name on its bus: `0000:00:06.0`, `vif-1`, `virtio3`. */
  | { readonly kind: "bus"; readonly address: string };
