package listen

// Waiting is the bound on WebSocket clients before Accept.
const Waiting = waiting
