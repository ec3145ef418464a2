# SPDX-License-Identifier: Apache-2.0
# Threads, garbage, a fork, a loaded extension.
require 'digest'
require 'json'
puts Digest::SHA256.hexdigest('area' * 1000)
puts (1..8).map { |i| Thread.new { (1..50000).sum { |n| n % i } } }.map(&:value).inspect
kept = nil
200_000.times { |i| kept = [i, 'x' * (i % 200)] }
puts JSON.generate({ kept: kept[0] })
pid = fork { exit!([*1..100_000].map(&:to_s).size % 200) }
Process.wait(pid)
puts $?.exitstatus
puts Fiber.new { Fiber.yield 5; 6 }.resume
exit 13
