/* Computes for a tenth of a second or so, without asking anybody. */
int main(void)
{
	for (volatile int i = 0; i < 100000000; i++)
		;
	return 0;
}
