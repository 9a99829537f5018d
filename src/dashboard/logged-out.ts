/** Told of every 401, so that whoever was logged out sees the login. */
export const onLoggedOut: { current: () => void } = { current: () => {} };
