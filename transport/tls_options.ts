/** Options of {@link tlsDialer}. */
export interface TlsOptions {
  /**
   * Certificates in PEM form of authorities to trust, beside those that the runtime trusts.
   *
   * @default [] the runtime's authorities alone
   */
  readonly caCertificates?: readonly string[];
  /**
   * The DNS name that the target's certificate must be for, and that is sent as the server name indication.
   *
   * @default the host name dialed
   */
  readonly serverName?: string;
  /** This side's certificate chain in PEM form, for targets that ask for one. Needs `key`. @default none */
  readonly certificate?: string;
  /** The private key of `certificate` in PEM form. @default none */
  readonly key?: string;
}

/** Options of {@link tlsListen}. */
export interface TlsListenOptions {
  /** The certificate chain in PEM form. */
  readonly certificate: string;
  /** The private key of `certificate` in PEM form. */
  readonly key: string;
}
