/** Told of every 401, so that whoever was logged out sees the login. */
export const onLoggedOut: { current: () => void } = { current: () => {} };

/** Told when somebody who may look without a key wants to log in all the same. */
export const onLogInAsked: { current: () => void } = { current: () => {} };
