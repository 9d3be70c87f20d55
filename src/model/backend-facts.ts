/** What tells who is in charge of the network here. Gathered by apply/, judged by plan/. */
export interface BackendFacts {
  /** systemd answers as this machine's manager (`/run/systemd/system` is there). */
  readonly hasSystemd: boolean;
  readonly netplan: {
    readonly isInstalled: boolean;
    /** Files of others in /etc/netplan, /lib/netplan and /run/netplan, as paths. */
    readonly files: readonly string[];
    /** The `renderer:` of the whole configuration; null: none is named (networkd). */
    readonly renderer: "networkd" | "NetworkManager" | null;
  };
  readonly networkManager: DaemonFacts;
  readonly networkd: DaemonFacts;
}

export interface DaemonFacts {
  readonly isInstalled: boolean;
  /** Will be started at boot: `systemctl is-enabled`; also where systemd is not running yet. */
  readonly isEnabled: boolean;
  /** SubState is `running`: anything else means files only. */
  readonly isRunning: boolean;
}
