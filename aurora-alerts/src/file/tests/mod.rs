mod good;
mod hostile;
mod mistakes;
