package ingle.runtime.process;

import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;

/** The runtime's end of the socket to the server; blocking. */
public final class Channel {
    private static final int PIECE = 1 << 16;

    private final FileDescriptor socket;
    private final FileInputStream in;
    private final FileOutputStream out;
    private final byte[] header = new byte[Frame.HEADER];

    private Channel(FileDescriptor socket) {
        this.socket = socket;
        in = new FileInputStream(socket);
        out = new FileOutputStream(socket);
    }

    /** Take over the socket that the process was started with as its standard input. */
    public static Channel claim() throws IOException {
        return new Channel(Descriptors.claim(0));
    }

    /** Make it the standard input again, for a process that is to serve in place of this one. */
    void release() throws IOException {
        Descriptors.move(socket, 0);
    }

    /** Whether a frame is there already, or a part of it. */
    public boolean hasNext() throws IOException {
        return in.available() > 0;
    }

    /**
     * Wait for the next frame.
     *
     * @throws EOFException if the server is gone
     */
    public Frame receive() throws IOException {
        fill(header);
        byte[] body = new byte[number(header)];
        fill(body);
        return new Frame(header[4], body);
    }

    private static int number(byte[] bytes) {
        return bytes[0] & 0xff | (bytes[1] & 0xff) << 8 | (bytes[2] & 0xff) << 16 | (bytes[3] & 0xff) << 24;
    }

    private void fill(byte[] bytes) throws IOException {
        int have = 0;
        while (have < bytes.length) {
            int more = in.read(bytes, have, Math.min(bytes.length - have, PIECE));
            if (more < 0) {
                throw new EOFException();
            }
            have += more;
        }
    }

    /**
     * Send a frame.
     *
     * @param frame room for the header, and the body
     * @param length of both together
     */
    public void send(int kind, byte[] frame, int length) throws IOException {
        int body = length - Frame.HEADER;
        frame[0] = (byte) body;
        frame[1] = (byte) (body >> 8);
        frame[2] = (byte) (body >> 16);
        frame[3] = (byte) (body >> 24);
        frame[4] = (byte) kind;
        // In pieces, because Java copies each to memory outside its heap.
        for (int done = 0; done < length; done += PIECE) {
            out.write(frame, done, Math.min(PIECE, length - done));
        }
    }
}
