// Java: the compiler, threads, collections, streams, files, the collector.
import java.nio.file.*;
import java.security.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;

public class Work {
	static String digest(int n) throws Exception {
		MessageDigest d = MessageDigest.getInstance("SHA-256");
		byte[] b = {(byte) n};
		for (int i = 0; i < 20000; i++) b = d.digest(b);
		return HexFormat.of().formatHex(b);
	}

	public static void main(String[] a) throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(4);
		List<Future<String>> all = new ArrayList<>();
		for (int i = 0; i < 16; i++) {
			int n = i;
			all.add(pool.submit(() -> digest(n)));
		}
		for (Future<String> f : all) System.out.println(f.get());
		pool.shutdown();
		Map<Integer, Long> m = IntStream.range(0, 1000000).parallel().boxed().collect(Collectors.groupingByConcurrent(i -> i % 97, ConcurrentSkipListMap::new, Collectors.counting()));
		System.out.println(m);
		StringBuilder s = new StringBuilder();
		for (int i = 0; i < 100000; i++) s.append(i % 10);
		Files.writeString(Path.of("java.out"), s);
		System.out.println(Files.size(Path.of("java.out")));
		Process p = new ProcessBuilder("sh", "-c", "echo from a child; exit 4").start();
		System.out.println(new String(p.getInputStream().readAllBytes()) + p.waitFor());
		Thread.sleep(200);
		System.exit(6);
	}
}
