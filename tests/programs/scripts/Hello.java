// SPDX-License-Identifier: Apache-2.0
// Threads, a hot loop, garbage and direct buffers.
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

public class Hello {
    static int mix(int n) {
        int h = 17;
        for (int i = 0; i < n; i++)
            h = h * 31 + (i ^ (h >>> 3));
        return h;
    }

    public static void main(String[] args) throws Exception {
        System.out.println("mix " + mix(100000000));
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Thread thread = new Thread(() -> mix(1000000));
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads)
            thread.join();
        List<byte[]> kept = new ArrayList<>();
        for (int i = 0; i < 20000; i++) {
            kept.add(new byte[10000]);
            if (kept.size() > 500)
                kept.clear();
        }
        ByteBuffer direct = ByteBuffer.allocateDirect(8 << 20);
        direct.putInt(0, 42);
        System.out.println("direct " + direct.getInt(0));
        System.exit(12);
    }
}
