import { defineConfig } from 'vite';

export default defineConfig({
  // Relative addresses: the page works behind a path prefix too.
  base: './',
  build: {
    // Monaco, the editor, is one chunk of about this size.
    chunkSizeWarningLimit: 4000,
    // Libraries mark their modules "use client" for servers that render React; there is none here.
    rolldownOptions: { checks: { moduleLevelDirective: false } },
  },
  server: {
    // graph/library is beside this folder.
    fs: { allow: ['..'] },
    proxy: {
      '/query': { target: 'http://127.0.0.1:8080', ws: true },
      '/schema.graphqls': 'http://127.0.0.1:8080',
      '/library': 'http://127.0.0.1:8080',
      '/export': 'http://127.0.0.1:8080',
    },
  },
});
