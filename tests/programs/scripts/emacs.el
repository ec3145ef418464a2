;; SPDX-License-Identifier: Apache-2.0
;; Garbage, buffers that grow and shrink, a child.
(let ((kept (mapcar (lambda (i) (make-string (mod i 50) ?x)) (number-sequence 1 200000))))
  (garbage-collect)
  (message "%d" (apply #'+ (mapcar #'length kept))))
(with-temp-buffer
  (dotimes (i 100000) (insert (format "line %d\n" i)))
  (message "%d" (buffer-size))
  (erase-buffer)
  (call-process "sh" nil t nil "-c" "echo from a child")
  (message "%s" (string-trim (buffer-string))))
(kill-emacs 4)
