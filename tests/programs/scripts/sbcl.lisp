;; SPDX-License-Identifier: Apache-2.0
;; Compiled code, garbage, bignums.
(defun mix (n) (let ((h 17)) (dotimes (i n h) (setf h (mod (+ (* h 31) i) 1000003)))))
(compile 'mix)
(format t "~a~%" (mix 2000000))
(defvar *kept* nil)
(dotimes (i 300000) (setf *kept* (list i (make-string (mod i 50)))))
(format t "~a~%" (first *kept*))
(gc :full t)
(format t "~a~%" (integer-length (expt 3 5000)))
(finish-output)
(sb-ext:exit :code 17)
