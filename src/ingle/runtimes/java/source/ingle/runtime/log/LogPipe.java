package ingle.runtime.log;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;

/**
 * The pipe that standard output and standard error lead to. A line is one event; an event of several
 * lines is written in the frame of AWS's own telemetry descriptor, at the start of a line.
 */
public final class LogPipe {
    /** Bytes; CloudWatch Logs takes one more, which is for the line end. */
    private static final int MOST = 262_117;

    private static final int FRAME_TYPE = 0xa55a0003;
    private static final int FRAME_HEAD = 16;

    private final FileOutputStream out;
    private final FileOutputStream error;
    private boolean midLine;

    /** Write to these, which lead to the same place. */
    public LogPipe(FileOutputStream out, FileOutputStream error) {
        this.out = out;
        this.error = error;
    }

    /** The pipe that the process was started with. */
    public static LogPipe own() {
        return new LogPipe(new FileOutputStream(FileDescriptor.out), new FileOutputStream(FileDescriptor.err));
    }

    /** Make System.out and System.err lead here, in UTF-8. */
    public void open() throws IOException {
        System.setOut(new PrintStream(new Lines(out), false, "UTF-8"));
        System.setErr(new PrintStream(new Lines(error), false, "UTF-8"));
    }

    /** Write out what the function printed. */
    public static void flush() {
        System.out.flush();
        System.err.flush();
    }

    /** Write one event of any number of lines; one that is too long is cut. */
    synchronized void event(byte[] message) throws IOException {
        if (midLine) {
            error.write('\n');
            midLine = false;
        }
        int from = 0;
        do {
            int length = Math.min(MOST, message.length - from);
            while (from + length < message.length && (message[from + length] & 0xc0) == 0x80) {
                length--; // not in the middle of a character
            }
            frame(message, from, length);
            from += length;
        } while (from < message.length);
    }

    private void frame(byte[] message, int from, int length) throws IOException {
        byte[] frame = new byte[FRAME_HEAD + length];
        long micros = System.currentTimeMillis() * 1000;
        put(frame, 0, 4, FRAME_TYPE);
        put(frame, 4, 4, length);
        put(frame, 8, 8, micros);
        System.arraycopy(message, from, frame, FRAME_HEAD, length);
        error.write(frame);
    }

    private static void put(byte[] to, int at, int count, long value) {
        for (int i = 0; i < count; i++) {
            to[at + i] = (byte) (value >> 8 * (count - 1 - i));
        }
    }

    private synchronized void print(FileOutputStream to, byte[] bytes, int from, int count) throws IOException {
        if (count > 0) {
            to.write(bytes, from, count);
            midLine = bytes[from + count - 1] != '\n';
        }
    }

    /** A standard stream; it remembers whether a line was begun. */
    private final class Lines extends OutputStream {
        private final FileOutputStream to;

        Lines(FileOutputStream to) {
            this.to = to;
        }

        @Override
        public void write(int each) throws IOException {
            write(new byte[] {(byte) each}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int count) throws IOException {
            print(to, bytes, from, count);
        }
    }
}
