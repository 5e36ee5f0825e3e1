// Does nothing: what is measured is that it is started, and ends.
int main(void) { return 0; }
