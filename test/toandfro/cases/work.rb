# ruby: threads, fibers, a child, a pipeline, a socket, a time-out, a signal, and moving objects about.
require 'digest'
require 'open3'
require 'socket'
require 'timeout'

sums = Hash.new(0)
3_000_000.times { |i| sums[i % 1009] += i }
puts Digest::SHA1.hexdigest(sums.sort.inspect)

results = Queue.new
4.times.map { |t| Thread.new { s = t; 1_000_000.times { |i| s = (s * 31 + i) % 1_000_003 }; results << [t, s] } }.each(&:join)
p Array.new(4) { results.pop }.sort

reader, writer = IO.pipe
pid = fork { reader.close; writer.write('from the child' * 1000); exit!(9) }
writer.close
puts reader.read.size
Process.wait(pid)
p $?.exitstatus

text, status = Open3.capture2('tr a-z A-Z', stdin_data: 'hello' * 10_000)
puts Digest::SHA1.hexdigest(text), status.success?

server = TCPServer.new('127.0.0.1', 0)
serving = Thread.new { c = server.accept; while (line = c.gets); c.puts line.upcase; end; c.close }
client = TCPSocket.new('127.0.0.1', server.addr[1])
600.times { |i| client.puts "l#{i}"; raise 'wrong answer' unless client.gets == "L#{i}\n" }
client.close
serving.join

begin
  Timeout.timeout(0.5) { loop {} }
rescue Timeout::Error
  puts 'timed out'
end
trap('USR1') { $told = true }
Process.kill('USR1', $$)
sleep 0.01 until $told
GC.start
GC.compact if GC.respond_to?(:compact)
fiber = Fiber.new { 5.times { |i| Fiber.yield i }; :end }
p Array.new(6) { fiber.resume }
exit 4
