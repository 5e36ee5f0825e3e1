# openssl: digests, ciphers to and fro, key derivation, signatures that are deterministic.
set -e
perl "$CASES/data.pl" 20 >data
for d in md5 sha1 sha256 sha512 sha3-256 blake2b512; do openssl dgst -$d <data; done
for c in aes-256-cbc aes-128-ctr chacha20 camellia-192-cbc; do
	openssl enc -$c -pbkdf2 -iter 60000 -S 0123456789abcdef -k secret <data | tee enc.$c | openssl dgst -sha256
	openssl enc -d -$c -pbkdf2 -iter 60000 -S 0123456789abcdef -k secret <enc.$c | cmp - data
	rm enc.$c
done
printf -- '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n' >key
openssl pkey -in key -pubout
openssl pkeyutl -sign -inkey key -rawin -in key | openssl dgst -sha256
rm data
