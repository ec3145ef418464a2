// SPDX-License-Identifier: Apache-2.0
// Compiled methods, threads, garbage of all sizes.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;

static class Area
{
    static int Mix(int n)
    {
        int h = 17;
        for (int i = 0; i < n; i++)
            h = unchecked(h * 31 + (i ^ (h >> 3)));
        return h;
    }

    static int Main()
    {
        Console.WriteLine("mix " + Mix(20000000));
        var threads = Enumerable.Range(0, 8).Select(i => new Thread(() => Mix(100000 * i))).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        var kept = new List<byte[]>();
        for (int i = 0; i < 50000; i++)
        {
            kept.Add(new byte[i % 20000]);
            if (kept.Count > 300)
                kept.Clear();
        }
        GC.Collect();
        Console.WriteLine("generic " + Enumerable.Range(1, 1000).GroupBy(n => n % 7).Sum(g => g.Max()));
        return 19;
    }
}
